// `npm run unit [-- FILES...]`: the unit tests with their full output, or those of some files or globs.
import { ensurePackages } from './npm-packages.mjs';
import { runTests, UNIT_FILES } from './run-tests.mjs';

ensurePackages();
const files = process.argv.slice(2);
const result = await runTests({ files: files.length > 0 ? files : UNIT_FILES, concurrency: 2, testTimeoutMs: 60_000 });
process.exitCode = result.ok ? 0 : 1;
