/** The repository as the house tests see it: its own files, and what npm has installed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Not ours, or made by running the system. Mirrors .gitignore, so that a copy without git is judged the same way. */
const NOT_OURS = new Set(['node_modules', '.git', '.yuanlu', 'dist', 'coverage']);

const versions = z.record(z.string(), z.string());

const manifestSchema = z.object({
  version: z.string(),
  engines: z.object({ node: z.string().optional() }).optional(),
  scripts: versions.optional(),
  dependencies: versions.optional(),
  devDependencies: versions.optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** Paths of all files of the repository, relative to its root, with forward slashes, sorted. */
export function ourFiles(folder = ''): string[] {
  return readdirSync(ROOT + folder, { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name) && !entry.name.endsWith('.log'))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? ourFiles(path) : [path];
    })
    .sort();
}

export function readText(path: string): string {
  return readFileSync(ROOT + path, 'utf8');
}

export function fileExists(path: string): boolean {
  return existsSync(ROOT + path);
}

export function readManifest(path: string): Manifest {
  return manifestSchema.parse(JSON.parse(readText(path)));
}

/** The places at which npm has installed a package, by the lockfile: `node_modules/a/node_modules/b`. */
export function installedCopies(name: string): { place: string; version: string }[] {
  const lock = z
    .object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) })
    .parse(JSON.parse(readText('package-lock.json')));
  return Object.entries(lock.packages)
    .filter(([place]) => place === `node_modules/${name}` || place.endsWith(`/node_modules/${name}`))
    .map(([place, entry]) => ({ place, version: entry.version ?? '' }));
}
