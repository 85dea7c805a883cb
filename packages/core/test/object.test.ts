/** What is asked member by member is the intersection of io-ts, and finds the same faults. */
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { object, shape } from '../src/internal/object.js'
import { isText } from '../src/internal/shapes.js'

const text = shape('text', isText)
const count = shape('count', t.number.is)
const ours = object(
  { name: text, count, inner: object({ deep: text }, {}) },
  { note: text, more: object({ deep: count }, { note: text }) },
)
const theirs = t.intersection([
  t.type({ name: t.string, count: t.number, inner: t.type({ deep: t.string }) }),
  t.partial({
    note: t.string,
    more: t.intersection([t.type({ deep: t.number }), t.partial({ note: t.string })]),
  }),
])

const right = fc.record(
  {
    name: fc.string(),
    count: fc.double(),
    inner: fc.record({ deep: fc.string() }),
    note: fc.string(),
    more: fc.record({ deep: fc.double(), note: fc.string() }, { requiredKeys: ['deep'] }),
  },
  { requiredKeys: ['name', 'count', 'inner'] },
)
const instead = fc.oneof(
  fc.option(fc.jsonValue(), { nil: undefined }),
  fc.record({ deep: fc.jsonValue(), note: fc.jsonValue() }, { requiredKeys: [] }),
)
/** One of which a member is missing, or is something else. */
const spoilt = fc
  .tuple(right, fc.constantFrom('name', 'count', 'inner', 'note', 'more', 'further'), instead)
  .map(([value, name, other]) => ({ ...value, [name]: other }))
const values = fc.oneof(right, spoilt, fc.jsonValue(), fc.constant(undefined))

/** Once each, without the places in an intersection. */
const pathsOf = (errors: t.Errors): ReadonlyArray<string> => [
  ...new Set(
    errors.map(({ context }) =>
      context
        .map(({ key }) => key)
        .filter((key) => key !== '' && !/^\d+$/.test(key))
        .join('.'),
    ),
  ),
]

test('it takes and refuses the same, with the same faults', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(ours.is(value)).toBe(theirs.is(value))
      const decoded = theirs.decode(value)
      const paths = E.isLeft(decoded) ? pathsOf(decoded.left) : []
      expect(ours.faults(value).map(({ path }) => path)).toEqual(paths)
    }),
    { examples: [[[]], [null], [{}], [{ name: '', count: 0, inner: { deep: '' }, note: undefined }]] },
  )
})

test('a fault says what was expected there', () => {
  expect(ours.faults({ name: '', count: '', inner: {} })).toEqual([
    { path: 'count', expected: 'count' },
    { path: 'inner.deep', expected: 'text' },
  ])
  expect(ours.faults([])).toEqual([{ path: '', expected: 'an object' }])
})
