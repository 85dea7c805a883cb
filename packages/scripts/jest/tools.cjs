/**
 * What some tests need besides Node.js and npm: mostly programs, which no test installs. Run by itself, it prints what has to be
 * installed for the missing ones.
 */
const { spawnSync } = require('node:child_process')
const { accessSync, constants } = require('node:fs')
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
 * Where a program is, if it is on the PATH.
 * @param {string} name
 */
const onPath = (name) =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isProgram)

/** The user who owns nothing, on every system. */
const NOBODY = 65_534

const chromium = () => process.env['CHROMIUM'] ?? onPath('chromium')

/**
 * By their names: how each is found, and the packages of Debian that have it, where some do.
 * @type {Readonly<Record<'redis-server' | 'chromium' | 'script' | 'unshare' | 'bash' | 'zsh' | 'fish' | 'root', { readonly isThere: () => boolean, readonly packages?: string, readonly hint?: string }>>}
 */
const tools = {
  'redis-server': { isThere: () => onPath('redis-server') !== undefined, packages: 'redis-server' },
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

module.exports = { tools, NOBODY, chromium, installLine, mark, markedFor }

if (require.main === module) {
  const missing = Object.values(tools).filter(({ isThere }) => !isThere())
  process.stdout.write(
    missing
      .flatMap(({ packages = '' }) => packages.split(' ').filter((name) => name !== ''))
      .map((name) => `${name}\n`)
      .join(''),
  )
}
