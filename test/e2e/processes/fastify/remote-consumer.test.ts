import '../../../support/processes/on-fastify.js';
import '../remote-consumer.test.js';
