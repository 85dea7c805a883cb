/**
 * What some tests need besides Node.js and npm: mostly programs, which no test installs. Run by itself, it prints what has to be
 * installed for the missing ones.
 */
const { spawnSync } = require('node:child_process')
const { accessSync, constants, existsSync, readdirSync } = require('node:fs')
const { createRequire, isBuiltin } = require('node:module')
const { delimiter, join } = require('node:path')

/** @param {string} path */
const isProgram = (path) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Where programs of that name are, in the order of the PATH.
 * @param {string} name
 */
const allOnPath = (name) =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .filter(isProgram)

/**
 * Where a program is, if it is on the PATH.
 * @param {string} name
 */
const onPath = (name) => allOnPath(name)[0]

/**
 * The first program of that name that can run a line of code: one Python may have a library that another has not.
 * @param {string} name
 * @param {string} flag
 * @param {string} code
 */
const running = (name, flag, code) =>
  allOnPath(name).find((program) => spawnSync(program, [flag, code], { timeout: 60_000 }).status === 0)

/**
 * Where a server's program is, which may be out of the way of users: Debian keeps those of Postgres apart, by version.
 * @param {string} name
 */
const ofServer = (name) => {
  const versions = '/usr/lib/postgresql'
  const folders = existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, 'bin')) : []
  return onPath(name) ?? [...folders, '/usr/sbin'].map((folder) => join(folder, name)).find(isProgram)
}

/**
 * Whether a package opens a database in memory: it may be there without its binary.
 * @param {string} owner the package that depends on it
 * @param {string} name
 */
const loads = (owner, name) => {
  try {
    const Database = createRequire(join(__dirname, '..', '..', owner, 'package.json'))(name)
    new Database(':memory:').close()
    return true
  } catch {
    return false
  }
}

/** The user who owns nothing, on every system. */
const NOBODY = 65_534

const chromium = () => process.env['CHROMIUM'] ?? onPath('chromium')

// Authorization servers are asked for by their versions too: what each of them does is known of that one.
const authlib = () => running('python3', '-c', 'import authlib; assert authlib.__version__.startswith("1.2.")')
const oauthlib = () => running('python3', '-c', 'import oauthlib; assert oauthlib.__version__.startswith("3.2.")')
const doorkeeper = () =>
  running('ruby', '-e', 'gem "doorkeeper", "~> 5.5.0"; gem "activerecord", "~> 6.1"; gem "sqlite3"; gem "webrick"')

/**
 * By their names: how each is found, and the packages of Debian that have it, where some do. What is optional may be missing in CI.
 * @type {Readonly<Record<'redis-server' | 'postgres' | 'pgbouncer' | 'mariadb' | 'node:sqlite' | 'better-sqlite3' | 'chromium' | 'script' | 'unshare' | 'bash' | 'zsh' | 'fish' | 'authlib' | 'oauthlib' | 'doorkeeper' | 'rclone' | 'curl' | 'kubectl' | 'keyring' | 'systemd' | 'python3' | 'root', { readonly isThere: () => boolean, readonly packages?: string, readonly hint?: string, readonly isOptional?: true }>>}
 */
const tools = {
  'redis-server': { isThere: () => onPath('redis-server') !== undefined, packages: 'redis-server' },
  // Nothing of theirs has to run: tests start their own.
  postgres: { isThere: () => ofServer('postgres') !== undefined, packages: 'postgresql' },
  pgbouncer: {
    isThere: () => ofServer('postgres') !== undefined && ofServer('pgbouncer') !== undefined,
    packages: 'postgresql pgbouncer',
  },
  mariadb: {
    isThere: () => ofServer('mariadbd') !== undefined && ofServer('mariadb-install-db') !== undefined,
    packages: 'mariadb-server',
  },
  // Of a newer Node.js than the oldest that is supported.
  'node:sqlite': { isThere: () => isBuiltin('node:sqlite'), hint: 'run the tests with Node.js 22', isOptional: true },
  // Its binary is downloaded or compiled by a script, and the set-up runs none.
  'better-sqlite3': {
    isThere: () => loads('store-sql', 'better-sqlite3'),
    hint: 'allow its build in pnpm-workspace.yaml',
    isOptional: true,
  },
  chromium: {
    isThere: () => isProgram(chromium() ?? ''),
    packages: 'chromium',
    hint: 'or set CHROMIUM to its path',
  },
  // A pseudo terminal. The one of other systems than Linux takes other arguments.
  script: { isThere: () => process.platform === 'linux' && onPath('script') !== undefined, packages: 'bsdutils' },
  // A small disk of the test's own, to fill.
  unshare: {
    isThere: () =>
      onPath('mount') !== undefined &&
      spawnSync('unshare', ['--mount', '--map-root-user', 'true'], { timeout: 10_000 }).status === 0,
    packages: 'util-linux mount',
    hint: 'and let users have name spaces of their own',
  },
  // Shells, for which the command has completion.
  bash: { isThere: () => onPath('bash') !== undefined, packages: 'bash' },
  zsh: { isThere: () => onPath('zsh') !== undefined, packages: 'zsh' },
  fish: { isThere: () => onPath('fish') !== undefined, packages: 'fish' },
  // Libraries of authorization servers in other languages.
  authlib: { isThere: () => authlib() !== undefined, packages: 'python3-authlib', hint: 'version 1.2' },
  oauthlib: { isThere: () => oauthlib() !== undefined, packages: 'python3-oauthlib', hint: 'version 3.2' },
  doorkeeper: {
    isThere: () => doorkeeper() !== undefined,
    packages: 'ruby-doorkeeper ruby-activerecord ruby-sqlite3 ruby-webrick',
    hint: 'version 5.5, with Rails 6.1',
  },
  // A client of Box's API, to which the sandbox must look like Box.
  rclone: { isThere: () => onPath('rclone') !== undefined, packages: 'rclone' },
  // Programs that take a token of the command.
  curl: { isThere: () => onPath('curl') !== undefined, packages: 'curl' },
  kubectl: { isThere: () => onPath('kubectl') !== undefined, packages: 'kubernetes-client' },
  // A Secret Service, which tests start on a bus of their own.
  keyring: {
    isThere: () => onPath('dbus-daemon') !== undefined && onPath('gnome-keyring-daemon') !== undefined,
    packages: 'dbus-daemon gnome-keyring',
  },
  // What reads the units of a broker; nothing of systemd's has to run.
  systemd: { isThere: () => onPath('systemd-analyze') !== undefined, packages: 'systemd' },
  python3: { isThere: () => running('python3', '-c', 'import plistlib') !== undefined, packages: 'python3' },
  // Who can be any other user of the machine, to whom the project must be readable.
  root: {
    isThere: () =>
      process.geteuid?.() === 0 &&
      spawnSync(process.execPath, ['--eval', 'require("node:fs").accessSync(process.argv[1])', __filename], {
        uid: NOBODY,
        gid: NOBODY,
        timeout: 10_000,
      }).status === 0,
    hint: 'run the tests as root, in a folder that others can read',
  },
}

/** @typedef {keyof typeof tools} Tool */

/**
 * One line for people.
 * @param {Tool} name
 */
const installLine = (name) => {
  const { packages, hint } = tools[name]
  return [
    ...(packages === undefined ? [] : [`apt-get install -y ${packages}`]),
    ...(hint === undefined ? [] : [hint]),
  ].join(', ')
}

const BEFORE = '[skipped: needs '

/**
 * How the title of a test says what it was skipped for.
 * @param {Tool} name
 */
const mark = (name) => `${BEFORE}${name}]`

/**
 * @param {string} text
 * @returns {text is Tool}
 */
const isTool = (text) => Object.hasOwn(tools, text)

/**
 * What a test was skipped for, by its title.
 * @param {string} title
 */
const markedFor = (title) => {
  const start = title.indexOf(BEFORE)
  const name = start < 0 ? '' : title.slice(start + BEFORE.length, title.indexOf(']', start))
  return isTool(name) ? name : undefined
}

module.exports = { tools, NOBODY, chromium, authlib, oauthlib, doorkeeper, installLine, mark, markedFor }

if (require.main === module) {
  const missing = Object.values(tools).filter(({ isThere }) => !isThere())
  process.stdout.write(
    missing
      .flatMap(({ packages = '' }) => packages.split(' ').filter((name) => name !== ''))
      .map((name) => `${name}\n`)
      .join(''),
  )
}
