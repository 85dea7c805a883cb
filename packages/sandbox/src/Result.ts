/** Either a value, or the reason why there is none. */
export type Result<E, A> = { readonly ok: true; readonly value: A } | { readonly ok: false; readonly error: E }

export const ok = <A>(value: A): Result<never, A> => ({ ok: true, value })

export const fail = <E>(error: E): Result<E, never> => ({ ok: false, error })
