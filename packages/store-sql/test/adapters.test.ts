/** What an adapter does with a connection: one for a statement, and none that hangs is kept. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import PgDriver from 'pg'
import { mariadb, mysql2, type PgListener, pgPool, type SqlPort } from '../src/index.js'

/** A pool that lends one connection, when it is told to. */
const pool = () => {
  const log: string[] = []
  let lend: () => void = () => undefined
  const lent = new Promise<void>((resolve) => {
    lend = resolve
  })
  let answer: () => void = () => undefined
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  const listeners = new Set<unknown>()
  const query = async (text: string): Promise<void> => {
    log.push(text)
    await answered
  }
  return { log, lend: () => lend(), answer: () => answer(), lent, query, listeners }
}
type Pool = ReturnType<typeof pool>

const ports: Readonly<Record<string, (of: Pool) => SqlPort>> = {
  pg: ({ lent, query, log, listeners }) =>
    pgPool({
      connect: async () => {
        await lent
        return {
          query: async ({ text }) => {
            await query(text)
            return { rows: [{ a: '1' }] }
          },
          on: (_event, listener) => listeners.add(listener),
          off: (_event, listener) => listeners.delete(listener),
          release: (destroy) => {
            log.push(destroy === true ? 'destroyed' : 'given back')
          },
        }
      },
    }),
  mysql2: ({ lent, query, log }) =>
    mysql2({
      getConnection: async () => {
        await lent
        return {
          query: async (text) => {
            await query(text)
            return [[{ a: '1' }], []] as const
          },
          release: () => void log.push('given back'),
          destroy: () => void log.push('destroyed'),
        }
      },
    }),
  mariadb: ({ lent, query, log }) =>
    mariadb({
      getConnection: async () => {
        await lent
        return {
          query: async (text) => {
            await query(text)
            return [{ a: '1' }]
          },
          release: async () => void log.push('given back'),
          destroy: () => void log.push('destroyed'),
        }
      },
    }),
}

describe.each(Object.entries(ports))('%s', (name, portOf) => {
  test('gives a connection back after its statement', async () => {
    const all = pool()
    all.lend()
    all.answer()
    expect(await portOf(all).query('select', [], new AbortController().signal)).toEqual([{ a: '1' }])
    expect(all.log).toEqual(['select', 'given back'])
    expect(all.listeners.size).toBe(0)
  })

  test('sends nothing on a connection that came too late', async () => {
    const all = pool()
    const controller = new AbortController()
    const asked = portOf(all).query('select', [], controller.signal)
    controller.abort()
    all.lend()
    await expect(asked).rejects.toThrow('aborted')
    expect(all.log).toEqual(['given back'])
  })

  test('closes a connection that does not answer, once', async () => {
    const all = pool()
    const controller = new AbortController()
    all.lend()
    const asked = portOf(all).query('select', [], controller.signal)
    await turn()
    controller.abort()
    expect(all.log).toEqual(['select', 'destroyed'])
    all.answer()
    await asked
    expect(all.log).toEqual(['select', 'destroyed'])
    // A client that was told to close may still say why it did.
    expect(all.listeners.size).toBe(name === 'pg' ? 1 : 0)
  })
})

describe('pg: a statement with parameters has a name of its own', () => {
  const { signal } = new AbortController()
  /** Which names were asked for, by a server that answers the first statement so. */
  const asking = (code?: string) => {
    const names: Array<string | undefined> = []
    const { query } = pgPool({
      connect: async () => ({
        query: async ({ name }) => {
          names.push(name)
          if (code !== undefined && names.length === 1) throw Object.assign(new Error(), { code })
          return { rows: [] }
        },
        on: () => undefined,
        off: () => undefined,
        release: () => undefined,
      }),
    })
    return { names, query }
  }

  test('the same for the same text, and none without parameters', async () => {
    const { names, query } = asking()
    for (const text of ['one $1', 'one $1', 'another $1']) await query(text, ['x'], signal)
    await query('create', [], signal)
    const [one, again, another, none] = names
    expect(one).toMatch(/^tessera_[0-9a-f]{32}$/)
    expect(again).toBe(one)
    expect(another).not.toBe(one)
    expect(none).toBeUndefined()
  })

  test.each(['26000', '42P05'])(
    'no more after %s, as a pooler says it; what was asked for is asked again',
    async (code) => {
      const { names, query } = asking(code)
      expect(await query('one $1', ['x'], signal)).toEqual([])
      await query('one $1', ['x'], signal)
      expect(names).toEqual([expect.any(String), undefined, undefined])
    },
  )

  test('what failed otherwise is not asked again', async () => {
    const { names, query } = asking('40001')
    await expect(query('one $1', ['x'], signal)).rejects.toMatchObject({ code: '40001' })
    expect(names).toHaveLength(1)
  })
})

test('pg: a connection that is ended as soon as it is open is a failure, and ends no process', async () => {
  const message = (kind: string, body: string): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(4 + body.length)
    return Buffer.concat([Buffer.from(kind), length, Buffer.from(body, 'latin1')])
  }
  const fatal = message('E', 'SFATAL\0C57P01\0Mterminating connection\0\0')
  // All of it in one piece: authenticated, ready, and ended by the administrator.
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(Buffer.concat([message('R', '\0\0\0\0'), message('Z', 'I'), fatal])))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const driver = new PgDriver.Pool({ host: '127.0.0.1', port: address.port, user: 'app', password: 'x', database: 'd' })
  driver.on('error', () => undefined)
  await expect(pgPool(driver).query('select $1', ['x'], new AbortController().signal)).rejects.toThrow()
  await driver.end()
  server.close()
})

test('pg: an idle connection that is lost ends no process, and the application hears of it where it listens', async () => {
  const driver = new PgDriver.Pool()
  pgPool(driver)
  const lost = new Error('terminating connection')
  // As the pool tells it, when nobody else listens.
  expect(driver.emit('error', lost)).toBe(true)
  const heard: unknown[] = []
  driver.on('error', (error) => heard.push(error))
  driver.emit('error', lost)
  expect(heard).toEqual([lost])
  await driver.end()
})

test('what a statement of MySQL has changed is a row', async () => {
  const all = pool()
  all.lend()
  all.answer()
  const header = { affectedRows: 1, insertId: 0n }
  const connection = { release: () => undefined, destroy: () => undefined }
  const { signal } = new AbortController()
  const ports = [
    mysql2({ getConnection: async () => ({ ...connection, query: async () => [header, undefined] as const }) }),
    mariadb({
      getConnection: async () => ({ ...connection, release: async () => undefined, query: async () => header }),
    }),
  ]
  for (const port of ports) expect(await port.query('insert', [], signal)).toEqual([header])
})

test('pg: a pool has one listener, however many ports there are over it', async () => {
  const driver = new PgDriver.Pool()
  const counts = () => ['connect', 'error'].map((event) => driver.listenerCount(event))
  const [connect = 0, error = 0] = counts()
  for (let ports = 0; ports < 12; ports++) pgPool(driver)
  expect(counts()).toEqual([connect + 1, error + 1])
  await driver.end()
})

describe('a listener of pg', () => {
  type On = { readonly [event: string]: ((given?: unknown) => void) | undefined }
  const listening = (connect: () => Promise<unknown>) => {
    const on: Record<string, (given?: unknown) => void> = {}
    const log: string[] = []
    const client: PgListener = {
      connect,
      query: async (text) => void log.push(text),
      on: (event: string, listener: (given: never) => void) => {
        on[event] = (given) => Reflect.apply(listener, undefined, [given])
      },
      end: async () => void log.push('end'),
      unref: () => void log.push('unref'),
    }
    const { listen } = pgPool({ connect: () => Promise.reject(new Error('unused')) }, { listener: () => client })
    const heard = {
      message: (payload: string) => void log.push(`message ${payload}`),
      ready: () => void log.push('ready'),
      ended: () => void log.push('ended'),
    }
    const end = listen?.('channel', heard)
    return { log, on: on as On, end: () => end?.() }
  }

  test('listens, hears, and tells of its end once', async () => {
    const { log, on } = listening(async () => undefined)
    await turn()
    expect(log.splice(0)).toEqual(['unref', 'listen "channel"', 'ready'])
    on['notification']?.({ payload: 'a' })
    on['error']?.(new Error('lost'))
    on['end']?.()
    on['notification']?.({ payload: 'b' })
    expect(log).toEqual(['message a', 'end', 'ended'])
  })

  test('tells nothing after it was ended, and of a connection that is refused', async () => {
    const one = listening(async () => undefined)
    one.end()
    one.on['end']?.()
    await turn()
    expect(one.log.filter((line) => line !== 'unref' && !line.startsWith('listen'))).toEqual(['end'])
    const other = listening(() => Promise.reject(new Error('refused')))
    await turn()
    expect(other.log).toEqual(['end', 'ended'])
  })
})
