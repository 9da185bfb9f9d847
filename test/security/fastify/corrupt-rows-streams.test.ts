import '../../support/processes/on-fastify.js';
import '../corrupt-rows-streams.test.js';
