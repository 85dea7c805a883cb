import { inspect } from 'node:util'
import { AuthError, millis } from '@tessera/core'
import { errors, errorsByTag } from '@tessera/testing'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { outcomeUnknown, rejected, serverAnswer } from './support/basics.js'

const { show, semigroup, isRetryable, isTerminal, isNotSent, causes } = AuthError
const causesOnly = errors.filter(({ _tag }) => _tag !== 'Exhausted')

describe('match', () => {
  test('each member goes to its own case, and there is no other', () => {
    const names: { readonly [Tag in AuthError['_tag']]: () => Tag } = {
      NotApplicable: () => 'NotApplicable',
      Rejected: () => 'Rejected',
      Unreachable: () => 'Unreachable',
      OutcomeUnknown: () => 'OutcomeUnknown',
      TimedOut: () => 'TimedOut',
      Aborted: () => 'Aborted',
      Malformed: () => 'Malformed',
      StoreFailed: () => 'StoreFailed',
      Closed: () => 'Closed',
      ReauthenticationRequired: () => 'ReauthenticationRequired',
      Misconfigured: () => 'Misconfigured',
      Exhausted: () => 'Exhausted',
    }
    const name = AuthError.match<string>(names)
    fc.assert(fc.property(errors, (error) => expect(name(error)).toBe(error._tag)))
    expect(Object.keys(names).sort()).toEqual(Object.keys(errorsByTag).sort())
  })

  test('a case is given the error itself', () => {
    const same = (error: AuthError): AuthError => error
    const identity = AuthError.match<AuthError>({
      NotApplicable: same,
      Rejected: same,
      Unreachable: same,
      OutcomeUnknown: same,
      TimedOut: same,
      Aborted: same,
      Malformed: same,
      StoreFailed: same,
      Closed: same,
      ReauthenticationRequired: same,
      Misconfigured: same,
      Exhausted: same,
    })
    fc.assert(fc.property(errors, (error) => expect(identity(error)).toBe(error)))
  })
})

describe('semigroup', () => {
  test('it is associative', () => {
    fc.assert(
      fc.property(errors, errors, errors, (a, b, c) => {
        expect(semigroup.concat(semigroup.concat(a, b), c)).toEqual(semigroup.concat(a, semigroup.concat(b, c)))
      }),
    )
  })

  test('every cause is kept, in order, and none is nested', () => {
    fc.assert(
      fc.property(errors, errors, (a, b) => {
        const both = semigroup.concat(a, b)
        expect(causes(both)).toEqual([...causes(a), ...causes(b)])
        expect(causes(both).some(({ _tag }) => String(_tag) === 'Exhausted')).toBe(false)
      }),
    )
  })
})

describe('questions', () => {
  test('no error is both retryable and terminal', () => {
    fc.assert(fc.property(errors, (error) => expect(isRetryable(error) && isTerminal(error)).toBe(false)))
  })

  test.each([
    ['NotApplicable', AuthError.notApplicable('r'), { retryable: false, terminal: true, notSent: true }],
    ['Rejected 400', rejected(400), { retryable: false, terminal: true, notSent: false }],
    ['Rejected 429', rejected(429), { retryable: true, terminal: false, notSent: false }],
    ['Rejected 503', rejected(503), { retryable: true, terminal: false, notSent: false }],
    ['Unreachable', AuthError.unreachable('u', 'r'), { retryable: true, terminal: false, notSent: true }],
    ['OutcomeUnknown', outcomeUnknown(false), { retryable: false, terminal: false, notSent: false }],
    ['OutcomeUnknown, repeatable', outcomeUnknown(true), { retryable: true, terminal: false, notSent: false }],
    ['TimedOut', AuthError.timedOut('w'), { retryable: false, terminal: false, notSent: true }],
    ['Aborted', AuthError.aborted, { retryable: false, terminal: false, notSent: false }],
    [
      'Malformed',
      AuthError.malformed({ what: 'w', path: 'p', expected: 'e' }),
      { retryable: false, terminal: false, notSent: false },
    ],
    [
      'Malformed, repeatable',
      AuthError.malformed({ what: 'w', path: 'p', expected: 'e', repeatable: true }),
      { retryable: true, terminal: false, notSent: false },
    ],
    ['StoreFailed', AuthError.storeFailed('get', 'r'), { retryable: false, terminal: false, notSent: false }],
    ['Closed', AuthError.closed, { retryable: false, terminal: true, notSent: false }],
    [
      'ReauthenticationRequired',
      AuthError.reauthenticationRequired('revoked'),
      { retryable: false, terminal: true, notSent: false },
    ],
    ['Misconfigured', AuthError.misconfigured('f', 'm'), { retryable: false, terminal: true, notSent: false }],
  ])('%s', (_, error, { retryable, terminal, notSent }) => {
    expect({ retryable: isRetryable(error), terminal: isTerminal(error), notSent: isNotSent(error) }).toEqual({
      retryable,
      terminal,
      notSent,
    })
  })

  test('several causes are terminal only if each is, and not sent only if none was', () => {
    fc.assert(
      fc.property(errors, errors, (a, b) => {
        const both = semigroup.concat(a, b)
        expect(isTerminal(both)).toBe(isTerminal(a) && isTerminal(b))
        expect(isNotSent(both)).toBe(isNotSent(a) && isNotSent(b))
      }),
    )
  })

  test('I1 whatever else failed, a grant that may be consumed is not sent again', () => {
    fc.assert(
      fc.property(errors, errors, (a, b) => {
        const unreadable = AuthError.malformed({ what: 'answer', path: '', expected: 'JSON' })
        for (const consumed of [outcomeUnknown(false), unreadable]) {
          for (const error of [semigroup.concat(a, consumed), semigroup.concat(semigroup.concat(consumed, a), b)]) {
            expect(isRetryable(error)).toBe(false)
          }
        }
      }),
    )
  })

  test('of harmless causes, one that may pass is enough', () => {
    expect(isRetryable(semigroup.concat(AuthError.notApplicable('r'), AuthError.unreachable('u', 'r')))).toBe(true)
    expect(isRetryable(semigroup.concat(AuthError.unreachable('u', 'r'), rejected(400)))).toBe(true)
  })
})

describe('answer', () => {
  test('it is what the last server said', () => {
    const [first, last] = [serverAnswer(400), serverAnswer(500)]
    const both = semigroup.concat(AuthError.rejected(first), AuthError.rejected(last))
    const all = semigroup.concat(both, AuthError.closed)
    expect(AuthError.answer(all)).toEqual(O.some(last))
    // It only looks.
    expect(AuthError.causes(all).map(({ _tag }) => _tag)).toEqual(['Rejected', 'Rejected', 'Closed'])
    expect(AuthError.answer(AuthError.reauthenticationRequired('revoked', O.some(first)))).toEqual(O.some(first))
    expect(AuthError.answer(AuthError.malformed({ what: '', path: '', expected: '', answer: O.some(first) }))).toEqual(
      O.some(first),
    )
    expect(AuthError.answer(AuthError.closed)).toEqual(O.none)
  })
})

describe('show', () => {
  test('it never throws, and says the words of the server', () => {
    fc.assert(
      fc.property(errors, (error) => {
        const said = show.show(error)
        expect(said.length).toBeGreaterThan(0)
        for (const cause of causes(error)) {
          if (cause._tag !== 'Rejected') continue
          expect(said).toContain(String(cause.answer.status))
          if (O.isSome(cause.answer.description)) expect(said).toContain(cause.answer.description.value)
        }
      }),
    )
  })

  test.each([
    [AuthError.notApplicable('there is no refresh token'), 'not applicable: there is no refresh token'],
    [
      rejected(400, { error: O.some('invalid_grant'), description: O.some('it is old'), requestId: O.some('r1') }),
      'rejected: POST https://server.example/token answered 400 invalid_grant: it is old (request id r1)',
    ],
    [rejected(503, { retryAfter: O.some(millis(1_000)) }), 'rejected: POST https://server.example/token answered 503'],
    [AuthError.unreachable('https://a.example', 'ECONNREFUSED'), 'unreachable: https://a.example: ECONNREFUSED'],
    [
      AuthError.outcomeUnknown({ url: 'u', reason: 'reset', answer: O.some(serverAnswer(502)), repeatable: false }),
      'outcome unknown: u: reset; POST https://server.example/token answered 502',
    ],
    [AuthError.timedOut('a renewal'), 'timed out waiting for a renewal'],
    [AuthError.aborted, 'aborted by the caller'],
    [
      AuthError.malformed({ what: 'token response', path: 'access_token', expected: 'a text' }),
      'malformed token response: access_token is not a text',
    ],
    [AuthError.storeFailed('get', 'it threw'), 'the store failed at get: it threw'],
    [
      AuthError.storeFailed('compareAndSet', 'it threw', true),
      'the store failed at compareAndSet: it threw (the token is kept and offered to the store again)',
    ],
    [AuthError.closed, 'the source is closed'],
    [AuthError.reauthenticationRequired('revoked'), 'log in again: revoked'],
    [AuthError.misconfigured('clientID', 'it is missing'), 'misconfigured: clientID: it is missing'],
    [
      semigroup.concat(AuthError.closed, AuthError.aborted),
      'every alternative failed: the source is closed; aborted by the caller',
    ],
  ])('%j', (error, said) => {
    expect(show.show(error)).toBe(said)
  })
})

describe('toError', () => {
  test('it is a real Error that carries the typed one', () => {
    fc.assert(
      fc.property(errors, (error) => {
        const thrown = AuthError.toError(error)
        expect(thrown).toBeInstanceOf(Error)
        expect(thrown.error).toBe(error)
        expect(thrown.name).toBe('AuthError')
        expect(thrown.message).toBe(show.show(error))
        expect(AuthError.isException(thrown)).toBe(true)
      }),
    )
  })

  test('its stack names the caller', () => {
    const here = () => AuthError.toError(AuthError.closed)
    expect(here().stack).toMatch(/ at here |authError\.test/)
  })

  test('nothing else is one', () => {
    fc.assert(fc.property(fc.anything(), (value) => expect(AuthError.isException(value)).toBe(false)))
    expect(AuthError.isException(new Error('closed'))).toBe(false)
    expect(AuthError.isException(AuthError.closed)).toBe(false)
    expect(AuthError.isException(Object.assign(new Error('theirs'), { error: AuthError.closed }))).toBe(false)
  })

  test('it prints with its members', () => {
    fc.assert(fc.property(causesOnly, (error) => expect(inspect(AuthError.toError(error))).toContain(error._tag)))
  })
})
