import * as Box from '@tessera/box'
import { codePoints } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

const id = fc.oneof(fc.nat().map(String), fc.string({ minLength: 1, unit: codePoints }))
const maybe = fc.option(id, { nil: undefined })

test('S-JWT-04 a subject and what is remembered of it are the same', () => {
  fc.assert(
    fc.property(id, fc.constantFrom(Box.user, Box.enterprise), (text, make) => {
      const subject = make(text)
      expect(Box.remembering({})(O.some(subject.remember))).toEqual(E.right(subject))
    }),
  )
})

test('S-JWT-04 the user wins over the enterprise when both are configured', () => {
  fc.assert(
    fc.property(maybe, maybe, (enterprise, user) => {
      const chosen = Box.remembering({ enterprise, user })(O.none)
      expect(chosen).toEqual(
        user !== undefined
          ? E.right(Box.user(user))
          : enterprise !== undefined
            ? E.right(Box.enterprise(enterprise))
            : E.left(expect.objectContaining({ _tag: 'Misconfigured', field: 'enterprise or user' })),
      )
    }),
  )
})

test('S-JWT-04 a user who authenticated is remembered, whoever is configured', () => {
  fc.assert(
    fc.property(maybe, maybe, id, (enterprise, user, remembered) => {
      const choose = Box.remembering({ enterprise, user })
      expect(choose(O.some(Box.user(remembered).remember))).toEqual(E.right(Box.user(remembered)))
    }),
  )
})

test('S-JWT-04 authenticating the instance forgets the user, the configured one too', () => {
  fc.assert(
    fc.property(id, maybe, maybe, (enterprise, user, before) => {
      const configured = { enterprise, user }
      const login = Box.remembering({ ...configured, chosen: Box.enterprise(enterprise) })
      const remembered = login(
        pipe(
          O.fromNullable(before),
          O.map((text) => Box.user(text).remember),
        ),
      )
      expect(remembered).toEqual(E.right(Box.enterprise(enterprise)))
      const renewal = Box.remembering(configured)
      expect(
        pipe(
          remembered,
          E.flatMap(({ remember }) => renewal(O.some(remember))),
        ),
      ).toEqual(E.right(Box.enterprise(enterprise)))
    }),
  )
})

test('S-JWT-04 an enterprise other than the configured one is refused, chosen or remembered', () => {
  fc.assert(
    fc.property(id, id, maybe, (enterprise, other, user) => {
      fc.pre(enterprise !== other)
      const refused = E.left(expect.objectContaining({ _tag: 'Misconfigured', field: 'enterprise' }))
      expect(Box.remembering({ enterprise, user, chosen: Box.enterprise(other) })(O.none)).toEqual(refused)
      expect(Box.remembering({ enterprise, user })(O.some(Box.enterprise(other).remember))).toEqual(refused)
      expect(Box.remembering({ user, chosen: Box.enterprise(other) })(O.none)).toEqual(E.right(Box.enterprise(other)))
    }),
  )
})

test('S-JWT-04 none at all is an error, empty texts and a memory of something else included', () => {
  fc.assert(
    fc.property(
      fc.constantFrom({}, { user: '' }, { enterprise: '', user: '' }, { enterprise: undefined }),
      fc.constantFrom(O.none, O.some(''), O.some('user:'), O.some('group:1'), O.some('7')),
      (configured, remembered) => {
        expect(Box.remembering(configured)(remembered)).toMatchObject(
          E.left({ _tag: 'Misconfigured', field: 'enterprise or user' }),
        )
      },
    ),
  )
})
