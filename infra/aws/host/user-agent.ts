// The version of this program, and how it calls itself where it asks for something.
import manifest from '../../../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
export const USER_AGENT = `transship/${VERSION}`;
