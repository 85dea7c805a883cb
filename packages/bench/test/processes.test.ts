import { apart } from '../src/apart.js'
import { FLOOR, OURS } from '../src/Case.js'
import { makeKey } from '../src/makeKey.js'
import { measureRow } from '../src/measureRow.js'
import type { Context } from '../src/Row.js'
import { startTokenServer } from '../src/server/TokenServer.js'

const context: Context = { isQuick: true, random: () => 0.5, progress: () => undefined, picture: () => undefined }
const signing = (name: string) =>
  apart('floor', { contest: 'signing', name, key: makeKey() }, { count: 8, warmUp: 0 }, context)

test('a row that cannot be measured says why', async () => {
  await expect(measureRow({ row: 'Z9', seed: 1, isQuick: true }, context)).rejects.toThrow('there is no row Z9')
})

test('a contender answers from a process of its own, once a turn', async () => {
  const opened = await signing(FLOOR).open()
  try {
    for (let turn = 0; turn < 3; turn++) expect((await opened.measure()).value).toBeGreaterThan(0)
  } finally {
    await opened.close?.()
  }
})

test('a contender whose process ends is an error, and nobody waits for it', async () => {
  await expect(signing('nobody').open()).rejects.toThrow('the process of nobody ended')
})

test.each([FLOOR, OURS])('a contender that loses its server in a turn is an error, and closes (%s)', async (name) => {
  const server = await startTokenServer()
  const entry = { contest: 'renewing', name, at: server.session(), width: 1 } as const
  const opened = await apart('ours', entry, { count: 8, warmUp: 0 }, context).open()
  await server.close()
  await expect(opened.measure()).rejects.toThrow(`the process of ${name} ended`)
  await opened.close?.()
})
