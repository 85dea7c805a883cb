import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** How it is installed. */
export const INSTALL = 'apt-get install -y redis-server'

const isFound = (): boolean => spawnSync('redis-server', ['--version']).status === 0

// Another test process may be installing it at this moment: apt waits for its turn.
const apt = (...words: ReadonlyArray<string>): boolean =>
  spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...words], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0

const install = (): void => {
  for (let tries = 0; tries < 5; tries++) {
    if (apt('install', '-y', '--no-install-recommends', 'redis-server')) return
    // On a fresh machine apt knows no packages yet. Nobody waits for the lock of the lists: the other one has them soon.
    if (!apt('update')) spawnSync('sleep', ['2'])
  }
}

/**
 * Whether there is a `redis-server`; installs it where it may (root, on Debian and its kin). Where there is none, says so and how
 * to install it. With REQUIRE_REDIS=1 that is an error.
 */
export const hasRedis = (): boolean => {
  if (isFound()) return true
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    install()
    if (isFound()) return true
  }
  if (process.env['REQUIRE_REDIS'] === '1') throw new Error(`REQUIRE_REDIS=1, but there is no redis-server: ${INSTALL}`)
  process.stderr.write(`\nNOT TESTED: there is no redis-server. Install it: ${INSTALL}\n\n`)
  return false
}
