import '../../../support/processes/on-fastify.js';
import '../remote-limits.test.js';
