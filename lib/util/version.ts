/** Version of this library, as its package says. */
export const VERSION = '0.2.0';
