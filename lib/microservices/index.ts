export { clientProxySignal, type ClientProxySignalOptions } from './client-proxy-signal.js';
export { eventxSignalPattern, type SignalPatternOptions } from './signal-pattern.controller.js';
