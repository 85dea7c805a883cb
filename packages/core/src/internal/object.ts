import * as t from 'io-ts'

/**
 * A codec of an object with members that must be there and members that may. It asks member by member: the loops of an
 * intersection take several times as long, and are there for the errors only. For members whose encoded form is their own;
 * none that must be there is of a codec that takes `undefined`.
 */
export const object = <R extends t.Props, P extends t.Props>(
  required: R,
  optional: P,
): t.Type<t.TypeOfProps<R> & t.TypeOfPartialProps<P>> => {
  const whole: t.Type<t.TypeOfProps<R> & t.TypeOfPartialProps<P>> = t.intersection([
    t.type(required),
    t.partial(optional),
  ])
  const members = [
    ...Object.entries(required).map(([name, codec]) => ({ name, codec, isOptional: false })),
    ...Object.entries(optional).map(([name, codec]) => ({ name, codec, isOptional: true })),
  ]
  const is = (value: unknown): value is t.TypeOfProps<R> & t.TypeOfPartialProps<P> => {
    if (!t.UnknownRecord.is(value)) return false
    for (const { name, codec, isOptional } of members) {
      const member = value[name]
      if (!(isOptional && member === undefined) && !codec.is(member)) return false
    }
    return true
  }
  return new t.Type(
    whole.name,
    is,
    (value, context) => (is(value) ? t.success(value) : whole.validate(value, context)),
    t.identity,
  )
}
