import manifest from '../package.json' with { type: 'json' };

/** The version of this checkout, as package.json says. */
export const VERSION: string = manifest.version;
