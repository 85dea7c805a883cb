import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeWith } from '../../scripts/jest/needs.js'
import { faultsIn, told } from './support/command.js'

describeWith('redis-server')('a fail-over that does not come about', () => {
  /** Servers none of which may become the primary. */
  const SERVER = `#!/bin/sh
PATH=\${PATH#*:}
case "$*" in
  *--version | *--sentinel) exec redis-server "$@" ;;
  *) exec redis-server "$@" --replica-priority 0 ;;
esac
`
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faults-'))
    await writeFile(join(folder, 'redis-server'), SERVER)
    // Where the tests run as root, the servers do not.
    for (const path of [folder, join(folder, 'redis-server')]) await chmod(path, 0o755)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('[A08] is told by its row, and the run ends by itself', async () => {
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` }
    const ended = await faultsIn(env, '--only', 'sentinel-failover', '--scale', '0.03', '--seed', '1', '--json')
    // By this seed the primary is killed first.
    const threw = /^it threw: Error: never came about: another primary$/
    expect(told(ended)).toMatchObject([{ count: 1, ok: false, problems: [expect.stringMatching(threw)] }])
    expect(ended.code).toBe(1)
  })
})
