/** Under which pattern signals are sent, unless the application says otherwise. */
export const DEFAULT_PATTERN = 'eventx.signal';
