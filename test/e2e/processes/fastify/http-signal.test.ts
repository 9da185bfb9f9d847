import '../../../support/processes/on-fastify.js';
import '../http-signal.test.js';
