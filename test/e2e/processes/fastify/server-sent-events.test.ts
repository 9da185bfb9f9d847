import '../../../support/processes/on-fastify.js';
import '../server-sent-events.test.js';
