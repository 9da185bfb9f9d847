/** Under which the options given to `forRoot` or made by the factory of `forRootAsync` are injected. */
export const MODULE_OPTIONS_TOKEN = Symbol('eventx:module-options');
