#!/usr/bin/env node
// The `yuanlu` command. The code runs as TypeScript through tsx: what is read in the repository is what runs.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('../cli/main.ts');
await main(process.argv);
