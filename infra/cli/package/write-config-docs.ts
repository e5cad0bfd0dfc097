// Writes what of the documentation follows from the configuration's schema: `npm run docs`, after a change of the schema.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { configDocs } from './config-docs.ts';

const root = path.resolve(import.meta.dirname, '../../..');
for (const [file, text] of await configDocs(root)) await writeFile(path.join(root, file), text);
