import '../../support/processes/on-fastify.js';
import '../stream-parameters.test.js';
