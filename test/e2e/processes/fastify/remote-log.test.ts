import '../../../support/processes/on-fastify.js';
import '../remote-log.test.js';
