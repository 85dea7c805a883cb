import { withoutRaw } from './withoutRaw.js'

const FACTS = ['ok', 'redirected', 'status', 'statusText', 'type', 'url'] as const

// Node's types leave it out.
const canRespond = (request: unknown): request is { readonly respond: (bytes: number) => void } =>
  typeof request === 'object' && request !== null && 'respond' in request

/** Gives a response what its constructor does not take, or takes within bounds only. */
const dressed = (response: Response, like: Response): Response =>
  Object.defineProperties(response, {
    ...Object.fromEntries(FACTS.map((name) => [name, { value: like[name] }])),
    clone: { value: () => dressed(Response.prototype.clone.call(response), like) },
  })

/** The same response, whose body fails {@link withoutRaw | without what its parser could not read}. */
export const cleanResponse = (response: Response): Response => {
  if (response.body === null) return response
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined
  // Not before the first read: undici cancels the body of a response that nobody holds, unless it is locked.
  const source = () => {
    reader ??= response.body?.getReader()
    return reader
  }
  const body = new ReadableStream({
    type: 'bytes',
    pull: async (controller) => {
      try {
        const read = await source()?.read()
        if (read?.value !== undefined) return controller.enqueue(read.value)
        controller.close()
        // Whoever reads into a buffer of its own is told too.
        const into: unknown = controller.byobRequest
        if (canRespond(into)) into.respond(0)
      } catch (error) {
        throw withoutRaw(error)
      }
    },
    cancel: (reason) => source()?.cancel(reason),
  })
  return dressed(new Response(body, { headers: response.headers }), response)
}
