import { createClient } from '@redis/client'
import { absent, Secret, seconds } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import { type Servers, servers } from '@tessera/trials'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { right } from '../../tools/jest/either.js'
import { describeWith } from '../../tools/jest/needs.js'
import { nodeRedis, recordNames, redisStore } from '../src/index.js'

const text = fc.oneof(
  fc.string({ unit: codePoints, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('%', '{', '}', ':', '*', '?', '[', ']', '\\', 'x', 'u', 'D800', '\ud800', '7B') }),
)

describe('the names of records', () => {
  it('tell the key again', () => {
    fc.assert(
      fc.property(text, text, (namespace, key) => {
        const names = recordNames(namespace)
        expect(names.keyOf(names.of(key))).toEqual(O.some(key))
      }),
    )
  })

  it('are of one namespace, and no other text is one', () => {
    fc.assert(
      fc.property(text, text, text, (namespace, other, key) => {
        const names = recordNames(namespace)
        expect(O.isSome(names.keyOf(recordNames(other).of(key)))).toBe(namespace === other)
        const found = names.keyOf(key)
        expect(O.isNone(found) || names.of(found.value) === key).toBe(true)
      }),
      { examples: [['a', 'a', '{}']] },
    )
    for (const name of ['tessera:', 'tessera:{a', 'tessera:{a}b', 'tessera:{{a}}', 'tessera:{%7b}', 'tessera:{}', '']) {
      expect(recordNames().keyOf(name)).toEqual(O.none)
    }
  })
})

describeWith('redis-server')('the pattern of names', () => {
  let all: Servers
  beforeAll(() => {
    all = servers()
  })
  afterAll(() => all.stop())

  it('finds the records of its namespace, whatever that contains, and theirs only', async () => {
    const { port } = await all.start()
    const client = createClient({ socket: { host: '127.0.0.1', port } })
    await client.connect()
    try {
      const namespaces = ['a', 'a*', '[a]', 'a?', '\\', 'a:{b}', '', '%']
      const next = { version: 'v', record: Secret.make('Record', 'r') }
      for (const namespace of namespaces) {
        const store = redisStore(nodeRedis(client), { namespace, commandTimeout: seconds(20) })
        for (const key of ['x', '{', '', 'ü*']) await right(store.compareAndSet(key, absent, next))
      }
      for (const namespace of namespaces) {
        const names = recordNames(namespace)
        const keys: unknown[] = []
        for await (const page of client.scanIterator({ MATCH: names.pattern })) {
          for (const name of page) keys.push(O.toUndefined(names.keyOf(name)))
        }
        expect(keys.sort()).toEqual(['x', '{', '', 'ü*'].sort())
      }
    } finally {
      client.destroy()
    }
  })
})
