/** What is sent to postgres.js and when, and when another client takes the place of one. */
import { setImmediate as turn } from 'node:timers/promises'
import { ownPostgresJs, type PostgresJs, postgresJs, type SqlPort } from '../src/index.js'

/** A client of two connections that answers when it is told to. */
const client = () => {
  const sent: string[] = []
  const answers: Array<() => void> = []
  const log: string[] = []
  const sql: PostgresJs = {
    options: { max: 2 },
    unsafe: (text) => {
      sent.push(text)
      return new Promise((resolve) => answers.push(() => resolve([{ a: '1' }])))
    },
    listen: async (channel, _, onListen) => {
      log.push(`listen ${channel}`)
      onListen()
      return { unlisten: async () => void log.push('unlisten') }
    },
  }
  const end = async ({ timeout }: { readonly timeout: number }) => void log.push(`end ${timeout}`)
  return { sql: { ...sql, end }, sent, log, answer: () => answers.shift()?.() }
}

const asking =
  ({ query }: SqlPort) =>
  (text: string, { signal } = new AbortController()) =>
    query(text, [], signal)

/** What is no failure where nobody waits for it. */
const quietly = <A>(promise: Promise<A>): Promise<A> => {
  promise.catch(() => undefined)
  return promise
}

describe('a client is given as many statements as it has connections', () => {
  test('and none too late', async () => {
    const { sql, sent, answer } = client()
    const ask = asking(postgresJs(sql))
    const late = new AbortController()
    const [first, second, third, fourth] = [ask('first'), ask('second'), quietly(ask('third', late)), ask('fourth')]
    await turn()
    late.abort()
    // Also where no connection is free again.
    await expect(third).rejects.toThrow('aborted')
    expect(sent).toEqual(['first', 'second'])
    answer()
    expect(await first).toEqual([{ a: '1' }])
    await turn()
    expect(sent).toEqual(['first', 'second', 'fourth'])
    answer()
    answer()
    await Promise.all([second, fourth])
    await expect(ask('fifth', late)).rejects.toThrow('aborted')
    expect(sent).toHaveLength(3)
  })

  test('by all ports over it together', async () => {
    const { sql, sent, answer } = client()
    const [one, other] = [asking(postgresJs(sql)), asking(postgresJs(sql))]
    const [first, second, third] = [one('first'), other('second'), other('third')]
    await turn()
    expect(sent).toEqual(['first', 'second'])
    answer()
    await first
    await turn()
    expect(sent).toEqual(['first', 'second', 'third'])
    answer()
    answer()
    await Promise.all([second, third])
  })
})

describe('clients of its own', () => {
  let now = 0
  beforeEach(() => {
    now = 0
    jest.spyOn(performance, 'now').mockImplementation(() => now)
  })
  afterEach(() => {
    jest.restoreAllMocks()
  })

  const opened = () => {
    const clients: Array<ReturnType<typeof client>> = []
    const port = ownPostgresJs(() => {
      const one = client()
      clients.push(one)
      return one.sql
    })
    /** A statement of the newest client that is answered. */
    const answered = async (): Promise<void> => {
      const asked = asking(port)('answered')
      await turn()
      clients.at(-1)?.answer()
      await asked
    }
    /** One that is sent, and whose time is over before there is an answer. */
    const overdue = async (): Promise<void> => {
      const controller = new AbortController()
      quietly(asking(port)('overdue', controller))
      await turn()
      controller.abort()
    }
    return { port, clients, logs: () => clients.map(({ log }) => log), answered, overdue }
  }

  test('one that has answered before, and does not any more, is replaced, and ended when it owes nothing', async () => {
    const { port, clients, logs, answered, overdue } = opened()
    await answered()
    const slow = asking(port)('slow')
    await overdue()
    expect(logs()).toEqual([[], []])
    await answered()
    expect(clients.map(({ sent }) => sent)).toEqual([['answered', 'slow', 'overdue'], ['answered']])
    clients[0]?.answer()
    expect(await slow).toEqual([{ a: '1' }])
    expect(logs()).toEqual([['end 0'], []])
    await port.close()
    expect(logs()).toEqual([['end 0'], ['end 5']])
  })

  test('one that waits for a connection, and whose time is over, has another made too', async () => {
    const { port, clients, answered } = opened()
    await answered()
    const [late, first, second] = [new AbortController(), asking(port)('first'), asking(port)('second')]
    const third = quietly(asking(port)('third', late))
    await turn()
    late.abort()
    await expect(third).rejects.toThrow('aborted')
    expect(clients).toHaveLength(2)
    clients[0]?.answer()
    clients[0]?.answer()
    await Promise.all([first, second])
  })

  test('one that may be connecting still is given 5 s', async () => {
    const { clients, overdue } = opened()
    await overdue()
    now = 4_999
    await overdue()
    expect(clients).toHaveLength(1)
    now = 5_000
    await overdue()
    await overdue()
    expect(clients).toHaveLength(2)
  })

  test('who listens is told that this one has ended, once, and listens by the next', async () => {
    const { port, logs, answered, overdue } = opened()
    await answered()
    const told: string[] = []
    const heard = {
      message: () => undefined,
      ready: () => void told.push('ready'),
      ended: () => void told.push('ended'),
    }
    port.listen?.('a', heard)
    const end = port.listen?.('b', heard)
    end?.()
    await turn()
    await overdue()
    expect(told).toEqual(['ready', 'ready', 'ended'])
    port.listen?.('a', heard)
    await turn()
    expect(told).toEqual(['ready', 'ready', 'ended', 'ready'])
    expect(logs()).toEqual([['listen a', 'listen b', 'unlisten', 'end 0', 'unlisten'], ['listen a']])
  })

  test('none is made after it was closed, and where none can be made the one before stays', async () => {
    const one = client()
    let made = 0
    const port = ownPostgresJs(() => {
      if (made++ > 0) throw new Error('no such host')
      return one.sql
    })
    const overdue = async (): Promise<void> => {
      const controller = new AbortController()
      quietly(asking(port)('overdue', controller))
      await turn()
      controller.abort()
    }
    now = 5_000
    await overdue()
    expect([made, one.log]).toEqual([2, []])
    await port.close()
    await overdue()
    expect([made, one.log]).toEqual([2, ['end 5']])
  })
})
