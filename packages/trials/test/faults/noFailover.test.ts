import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { describeWith } from '../../../tools/jest/needs.js'
import { type Processes, processes } from '../../src/servers/index.js'
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
  let own: Processes
  let folder: string

  beforeAll(async () => {
    own = processes('faults')
    folder = own.folder('bin', { 'redis-server': SERVER })
    await chmod(join(folder, 'redis-server'), 0o700)
  })
  afterAll(() => own.stop())

  // The row waits for what does not come about: two minutes, and more on a busy machine.
  const TIMEOUT = 600_000

  test(
    '[A08] is told by its row, and the run ends by itself',
    async () => {
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` }
      const ended = await faultsIn(env, '--only', 'sentinel-failover', '--scale', '0.03', '--seed', '1', '--json')
      // By this seed the primary is killed first.
      const threw = /^it threw: Error: never came about: another primary$/
      expect(told(ended)).toMatchObject([{ count: 1, ok: false, problems: [expect.stringMatching(threw)] }])
      expect(ended.code).toBe(1)
    },
    TIMEOUT,
  )
})
