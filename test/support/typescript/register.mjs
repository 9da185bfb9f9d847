// For `node --import`: lets a child process of a test run the TypeScript of lib and test as it stands.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
