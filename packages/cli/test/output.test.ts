import { AuthError } from '@tessera/core'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { makeOutput, type Sink, takesColor } from '../src/output.js'
import { printable, printableJson } from '../src/printable.js'
import { lines, type Problem, type Situation, toJson, toProblem } from '../src/report.js'

const ESCAPE = '\u001b'

const recorder = (isTTY: boolean): Sink & { readonly text: () => string } => {
  let text = ''
  return {
    isTTY,
    write: (more) => {
      text += more
    },
    text: () => text,
  }
}

const situation: Situation = {
  server: 'Box',
  isBox: true,
  presented: 'the assertion',
  again: 'tessera token',
  login: 'tessera login',
  config: 'box_config.json',
  store: {
    kind: 'file',
    place: '~/.local/state/tessera',
    key: 'key',
    list: 'tessera store list',
    migrate: 'tessera store migrate',
  },
  baseUrl: O.none,
  clientId: O.none,
  keyId: O.none,
}

describe('colours', () => {
  const terminal = recorder(true)
  it('are for terminals whose owner does not object', () => {
    expect(takesColor(terminal, {})).toBe(true)
    expect(takesColor(terminal, { NO_COLOR: '' })).toBe(true)
    expect(takesColor(terminal, { NO_COLOR: '1' })).toBe(false)
    expect(takesColor(terminal, { TERM: 'dumb' })).toBe(false)
    expect(takesColor(recorder(false), {})).toBe(false)
  })

  it.each([true, false])('are in an error if wanted: %p', (color) => {
    const err = recorder(true)
    const output = makeOutput({
      out: recorder(true),
      err,
      json: false,
      quiet: false,
      color: { out: false, err: color },
    })
    output.problem(toProblem(situation)(AuthError.closed))
    expect(err.text().includes(ESCAPE)).toBe(color)
  })
})

describe('what it waits for', () => {
  afterEach(() => {
    jest.useRealTimers()
  })

  const waited = async (ms: number, isTTY: boolean, quiet = false): Promise<string> => {
    jest.useFakeTimers()
    const err = recorder(isTTY)
    const output = makeOutput({ out: recorder(true), err, json: false, quiet, color: { out: false, err: false } })
    const waiting = output.during('waiting for Ada', new Promise((resolve) => setTimeout(resolve, ms)))
    await jest.advanceTimersByTimeAsync(ms)
    await waiting
    expect(jest.getTimerCount()).toBe(0)
    return err.text()
  }

  it('is said on a terminal after half a second, and then erased', async () => {
    const said = await waited(600, true)
    expect(said).toContain('waiting for Ada')
    expect(said.endsWith(`\r${ESCAPE}[2K`)).toBe(true)
  })

  it('is not said before, nor elsewhere, nor with --quiet', async () => {
    expect([await waited(499, true), await waited(9_999, false), await waited(9_999, true, true)]).toEqual(['', '', ''])
  })
})

describe('what was asked for', () => {
  const written = (json: boolean) => {
    const [out, err] = [recorder(false), recorder(true)]
    const output = makeOutput({ out, err, json, quiet: false, color: { out: false, err: true } })
    output.line(output.reportColors.red('a line'))
    output.result('the text', { an: 'object' })
    return [out.text(), err.text()]
  }

  it('goes to standard output, in its own colours; with --json, the object is alone there', () => {
    expect(written(false)).toEqual(['a line\nthe text\n', ''])
    expect(written(true)).toEqual(['{\n  "an": "object"\n}\n', `${ESCAPE}[31ma line${ESCAPE}[39m\n`])
  })
})

describe('an error', () => {
  const answer = {
    method: 'POST',
    url: 'https://as.example/token',
    status: 400,
    error: O.some('invalid_grant'),
    description: O.some(`no${ESCAPE}[2J`),
    requestId: O.some('0f3k2'),
    date: O.none,
    retryAfter: O.none,
  }

  it('cannot steer the terminal by what the server said', () => {
    const err = recorder(true)
    const output = makeOutput({ out: recorder(true), err, json: false, quiet: true, color: { out: false, err: false } })
    output.problem(toProblem(situation)(AuthError.rejected(answer)))
    expect(err.text()).toContain('server   400 invalid_grant: no[2J  (request id 0f3k2)')
    expect(err.text()).not.toContain(ESCAPE)
  })

  const unknown = { url: 'https://as.example/token', reason: 'ECONNRESET', repeatable: false }
  const expected: ReadonlyArray<readonly [AuthError, Problem['exit']]> = [
    [AuthError.closed, 1],
    [AuthError.misconfigured('client', 'missing'), 3],
    [AuthError.notApplicable('no key'), 3],
    [AuthError.malformed({ what: 'settings', path: 'a.b', expected: 'a text' }), 3],
    [AuthError.reauthenticationRequired('nothing to redeem'), 4],
    [AuthError.reauthenticationRequired('revoked'), 4],
    [AuthError.reauthenticationRequired('refresh token rejected', O.some(answer)), 4],
    [AuthError.rejected(answer), 5],
    [AuthError.rejected({ ...answer, status: 429 }), 5],
    [AuthError.malformed({ what: 'token response', path: 'access_token', expected: 'there' }), 5],
    [AuthError.outcomeUnknown({ ...unknown, answer: O.some({ ...answer, status: 500 }) }), 5],
    [AuthError.outcomeUnknown({ ...unknown, answer: O.none }), 6],
    [AuthError.unreachable('https://as.example/token', 'ECONNREFUSED'), 6],
    [AuthError.timedOut('a renewal'), 6],
    [AuthError.storeFailed('get', 'EIO'), 7],
    [AuthError.aborted, 130],
    [AuthError.semigroup.concat(AuthError.notApplicable('no key'), AuthError.rejected(answer)), 5],
  ]
  it.each(expected)('%j exits with %i, and says what to do next', (error, exit) => {
    const problem = toProblem(situation)(error)
    expect(problem.exit).toBe(exit)
    expect(problem.what).not.toBe('')
    expect(problem.next).toMatch(/tessera|box_config\.json/)
  })
})

describe('a failure of Redis', () => {
  const store = {
    kind: 'redis',
    place: 'redis://h:6379/0',
    key: '/state/key',
    list: 'tessera store list',
    migrate: 'tessera store migrate',
  } as const
  const told = (operation: 'get' | 'compareAndSet' | 'decode', reason: string): Problem =>
    toProblem({ ...situation, store })(AuthError.storeFailed(operation, reason))

  it('has three parts, too: its own word is what the server said', () => {
    expect(lines(told('compareAndSet', 'OOM'))).toEqual([
      'tessera: the session could not be saved to redis://h:6379/0.',
      '  server   OOM',
      '  likely   Redis is full',
      '  next     give it memory, with maxmemory-policy noeviction, then: tessera token',
    ])
    expect(toJson(told('get', 'NOAUTH')).error).toMatchObject({
      exit: 7,
      server: { status: null, error: 'NOAUTH', description: null, request_id: null },
    })
  })

  it.each(['ECONNREFUSED', 'no answer in 1000 ms', 'the client failed', 'SELF_SIGNED_CERT_IN_CHAIN'])(
    'by %s is no word of the server',
    (reason) => {
      const { what, server, next } = told('get', reason)
      expect(what).toBe(`the session could not be read from redis://h:6379/0: ${reason}`)
      expect(O.isNone(server)).toBe(true)
      expect(next).toContain(reason.includes('CERT') ? 'NODE_EXTRA_CA_CERTS' : 'see that Redis runs')
    },
  )

  it.each([
    ['WRONGPASS', 'TESSERA_REDIS_PASSWORD'],
    ['NOPERM', 'tessera:*'],
    ['READONLY', 'redis+sentinel:'],
    ['MOVED', 'redis+cluster:'],
    ['NOMASTER', 'correct the name'],
    ['CLUSTERDOWN', 'wait'],
    ['MISCONF', 'log'],
    ['ERR', 'correct the URL'],
  ])('by %s says what to do: %s', (reason, next) => {
    expect(told('get', reason).next).toContain(next)
  })

  it("by another machine's key says that all need the same", () => {
    const { likely, next } = told('decode', 'the record is sealed with the key k1, which is not among the keys')
    expect(likely).toEqual(
      O.some(expect.stringMatching("another machine wrote it.*this one's is in /state/key; .*'tessera'")),
    )
    expect(next).toMatch(/same TESSERA_KEY.*tessera store list/)
    expect(told('decode', 'the record is not JSON').likely).toEqual(O.none)
  })
})

describe('what a server says', () => {
  const hidden = ['\u0000', '\u0007', '\n', '\r', ESCAPE, '\u009b', '\u200f', '\u202e', '\u2066', '\u2028', '\ufeff']
  const seen = fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀', ' ', '['), maxLength: 10 })

  it('is shown without what steers a terminal or turns the text', () => {
    fc.assert(
      fc.property(seen, fc.constantFrom(...hidden), seen, (before, character, after) => {
        expect(printable(`${before}${character}${after}`)).toBe(`${before}${after}`)
      }),
    )
  })

  it('is escaped in JSON, where nothing is lost', () => {
    const text = fc.string({ unit: fc.oneof(fc.constantFrom(...hidden, '\u{e0041}', '\\'), seen) })
    fc.assert(
      fc.property(text, fc.dictionary(text, text), (one, more) => {
        const json = printableJson({ one, more })
        expect(JSON.parse(json)).toEqual({ one, more })
        expect(printable(json.replaceAll('\n', ''))).toBe(json.replaceAll('\n', ''))
      }),
    )
  })
})
