/**
 * Takes a member out of a list that serves as a set.
 *
 * A `Set` costs more where members come and go with each renewal. V8 builds a new table when a set shrinks, and each table refers to the
 * next one: a dead table in the old generation keeps those of all later renewals alive until a full collection.
 */
export const remove = <A>(list: Array<A>, member: A): void => {
  const at = list.indexOf(member)
  if (at >= 0) list.splice(at, 1)
}
