import '../../../support/processes/on-fastify.js';
import '../remote-cuts.test.js';
