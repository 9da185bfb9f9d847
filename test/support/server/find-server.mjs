import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {{ kind: 'local', flavour: 'mariadb' | 'mysql', server: string, installDb?: string }} LocalServer
 * @typedef {{ kind: 'docker', image: string }} DockerServer
 */

const USUAL_PLACES = [
  '/usr/sbin',
  '/usr/bin',
  '/usr/libexec',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/local/mysql/bin',
  '/usr/local/opt/mariadb/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/mariadb/bin',
];

const DOCKER_IMAGE = 'mariadb:10.11';

/**
 * Finds something that can run a private MariaDB or MySQL server: a binary on this machine, else one
 * that apt-get installs (as root on Debian or Ubuntu), else Docker.
 *
 * @returns {LocalServer | DockerServer}
 * @throws {Error} saying what to install, when none of these is there
 */
export function findServer() {
  const found = findLocalServer();
  if (found) return found;
  if (process.getuid?.() === 0 && findProgram('apt-get')) {
    const installed = installWithApt();
    if (installed) return installed;
  }
  if (dockerAnswers()) return { kind: 'docker', image: DOCKER_IMAGE };
  throw new Error(
    'The tests need a MariaDB or MySQL server binary and found none. Install one ' +
      '(Debian and Ubuntu: apt-get install mariadb-server; macOS: brew install mariadb), ' +
      'or start Docker, or set EVENTX_TEST_MARIADB_URL to a server whose databases may be ' +
      'created and dropped, such as mysql://root@127.0.0.1:3306.',
  );
}

/** @returns {LocalServer | undefined} */
function findLocalServer() {
  for (const name of ['mariadbd', 'mysqld']) {
    const server = findProgram(name);
    if (!server) continue;
    // mysqld is MariaDB's old name too, so the version decides.
    const version = execFileSync(server, ['--no-defaults', '--version'], { encoding: 'utf8' });
    if (!/mariadb/i.test(version)) return { kind: 'local', flavour: 'mysql', server };
    const installDb = findProgram('mariadb-install-db') ?? findProgram('mysql_install_db');
    if (installDb) return { kind: 'local', flavour: 'mariadb', server, installDb };
  }
  return undefined;
}

/**
 * Prefers the packages that hold only the binaries: `mariadb-server` also starts a system server.
 *
 * @returns {LocalServer | undefined}
 */
function installWithApt() {
  for (const packages of [['mariadb-server-core', 'mariadb-client-core'], ['mariadb-server']]) {
    process.stderr.write(`No MariaDB server found: installing ${packages.join(', ')}\n`);
    try {
      aptGet('update');
      aptGet('install', '-y', '--no-install-recommends', ...packages);
    } catch {
      continue; // apt-get has printed why
    }
    const found = findLocalServer();
    if (found) return found;
  }
  return undefined;
}

/** @param {string[]} args */
function aptGet(...args) {
  execFileSync('apt-get', ['-qq', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function dockerAnswers() {
  if (!findProgram('docker')) return false;
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} name
 * @returns {string | undefined} its path
 */
function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...USUAL_PLACES];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path) && isExecutable(path));
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
