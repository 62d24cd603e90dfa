// Starts the demo fleet with two displays in a folder of its own, and ends it after the last journey.
// The programs were built before (`make build`); CARGO_TARGET_DIR says where they are.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Fleet {
  console: string;
  name: string;
  password: string;
  kiosks: Record<string, string>;
  printers: number[];
  /** Where the fleet keeps its keys and its token. */
  dir: string;
}

/** The fleet that the setup started. */
export function fleet(): Fleet {
  return JSON.parse(process.env.MIGRADO_FLEET ?? '{}') as Fleet;
}

/** Runs the command line as an editor or an operator of this fleet does; what it printed. */
export function migradoctl(...words: string[]): string {
  const { console: url, dir } = fleet();
  const env = { ...process.env, MIGRADO_URL: url, MIGRADO_TOKEN_FILE: join(dir, 'token'), LANG: 'C' };
  return execFileSync(join(TARGET, 'debug/migradoctl'), words, { env, encoding: 'utf8' });
}

const TARGET = process.env.CARGO_TARGET_DIR ?? join(import.meta.dirname, '../../target');
const START_MS = 120_000;

export default async function start(): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'migrado-ui-'));
  const demo = spawn(join(TARGET, 'debug/migrado-demo'), ['--json', '--terminals', '2', '--dir', dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.env.MIGRADO_FLEET = JSON.stringify({ ...JSON.parse(await firstLine(demo)), dir });
  return async () => {
    const ended = new Promise((resolve) => demo.once('exit', resolve));
    demo.kill('SIGTERM');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
}

function firstLine(demo: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the fleet did not start in time')), START_MS);
    demo.once('exit', (code) => reject(new Error(`the fleet ended with ${code}`)));
    createInterface({ input: demo.stdout! }).once('line', (line) => {
      clearTimeout(late);
      resolve(line);
    });
  });
}

const SAMPLE = join(import.meta.dirname, '../../config/content');
/** A guide of the sample that a new release says more in. */
const GUIDE = 'guides/arztbesuch/de.md';

/** Publishes the sample with one more sentence; the name of the release. */
export function publish(title: string): string {
  const { dir } = fleet();
  const folder = mkdtempSync(join(dir, 'folder-'));
  cpSync(SAMPLE, folder, { recursive: true });
  writeFileSync(join(folder, GUIDE), `${readFileSync(join(folder, GUIDE), 'utf8')}\n${title}.\n`);
  const said = migradoctl('content', 'publish', folder, '--keys', join(dir, 'keys'), '--title', title, '-o', 'json');
  return (JSON.parse(said) as { name: string }).name;
}
