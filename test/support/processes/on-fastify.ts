// Imported before the tests of another file, it lets them run on Fastify.
import { useHttpAdapter } from './http-app.js';

useHttpAdapter('fastify');
