import { isObject } from './shapes.js'

/** Where a value is not what it should be, and what it should be there. */
export interface Fault {
  readonly path: string
  readonly expected: string
}

/** What a value of JSON must be. */
export interface Shape<A> {
  readonly is: (value: unknown) => value is A
  /** All that is wrong with it; for the error only: it is slower than asking. */
  readonly faults: (value: unknown) => ReadonlyArray<Fault>
}

type Shapes = Readonly<Record<string, Shape<unknown>>>

/** The values of a shape. */
export type Shaped<S> = S extends Shape<infer A> ? A : never

/** The values of an object with such members. */
type Members<R extends Shapes, P extends Shapes> = { readonly [Name in keyof R]: Shaped<R[Name]> } & {
  readonly [Name in keyof P]?: Shaped<P[Name]> | undefined
}

/** A shape from a predicate; `expected` says for people what it asks. */
export const shape = <A>(expected: string, is: (value: unknown) => value is A): Shape<A> => ({
  is,
  faults: (value) => (is(value) ? [] : [{ path: '', expected }]),
})

/** The same, of a member. */
export const inside =
  (name: string) =>
  ({ path, expected }: Fault): Fault => ({ path: path === '' ? name : `${name}.${path}`, expected })

/** An object with members that must be there and members that may, whatever else it has. */
export const object = <R extends Shapes, P extends Shapes>(required: R, optional: P): Shape<Members<R, P>> => {
  const members = Object.entries<Shape<unknown>>({ ...required, ...optional })
  const isAbsent = (name: string, member: unknown): boolean => member === undefined && Object.hasOwn(optional, name)
  return {
    is: (value): value is Members<R, P> => {
      if (!isObject(value)) return false
      for (const [name, of] of members) {
        const member = value[name]
        if (!isAbsent(name, member) && !of.is(member)) return false
      }
      return true
    },
    faults: (value) =>
      isObject(value)
        ? members.flatMap(([name, of]) => (isAbsent(name, value[name]) ? [] : of.faults(value[name]).map(inside(name))))
        : [{ path: '', expected: 'an object' }],
  }
}
