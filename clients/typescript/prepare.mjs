/**
 * Compile the package, for who installs it from its folder, from git, or packs it.
 *
 * Npm links a folder that lies outside the installing project, and installs nothing in it: there the
 * compiler is missing, and is installed here first, in the version that package-lock.json has.
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const directory = fileURLToPath(new URL(".", import.meta.url));
const compiler = "node_modules/typescript/bin/tsc";

// How the outer npm was called (--global, --omit=dev, its own directory) is not how this one is to
// be; where the registry and the cache are stays.
const ITS_OWN = /^npm_config_(global|omit|include|only|production|dry_run|(local_|global_)?prefix)$/i;

function run(program, words) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ITS_OWN.test(name)));
  const { status, error } = spawnSync(program, words, { cwd: directory, env, stdio: "inherit" });
  if (error !== undefined) console.error(`penholder: cannot run ${program}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(`${directory}${compiler}`)) {
  run("npm", ["ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline"]);
}
run(process.execPath, [compiler]);
