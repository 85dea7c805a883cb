/** The codec that asks member by member is the intersection of io-ts, where members are not changed by their codecs. */
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { object } from '../src/internal/object.js'

const REQUIRED = { name: t.string, count: t.number }
const OPTIONAL = { note: t.string, tags: t.readonlyArray(t.string) }
const ours = object(REQUIRED, OPTIONAL)
const theirs = t.intersection([t.type(REQUIRED), t.partial(OPTIONAL)])

const right = fc.record(
  { name: fc.string(), count: fc.double(), note: fc.string(), tags: fc.array(fc.string()) },
  { requiredKeys: ['name', 'count'] },
)
/** One of which a member is missing, or is something else. */
const spoilt = fc
  .tuple(right, fc.constantFrom('name', 'count', 'note', 'tags', 'more'), fc.option(fc.jsonValue(), { nil: undefined }))
  .map(([value, name, instead]) => ({ ...value, [name]: instead }))
const values = fc.oneof(right, spoilt, fc.jsonValue(), fc.constant(undefined))

const said = (result: t.Validation<unknown>): unknown =>
  E.isRight(result)
    ? result.right
    : result.left.map(({ value, context }) => [value, context.map(({ key, type }) => [key, type.name])])

test('it takes and refuses the same, with the same errors', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(ours.is(value)).toBe(theirs.is(value))
      expect(said(ours.decode(value))).toEqual(said(theirs.decode(value)))
      expect(ours.name).toBe(theirs.name)
    }),
    { examples: [[[]], [null], [{}], [{ name: '', count: 0, note: undefined }]] },
  )
})

test('members that it does not know stay', () => {
  fc.assert(
    fc.property(right, fc.jsonValue(), (value, more) => {
      const whole = { ...value, more }
      expect(ours.encode(E.getOrElseW(() => undefined)(ours.decode(whole)) ?? value)).toBe(whole)
    }),
  )
})
