/// What a signature can cover of a request, as it was sent.
///
/// The body is not copied: the value is valid as long as the body's memory.
package struct WebhookRequest {
    package let headers: HeaderLines
    /// The body as sent, without its transfer coding.
    package let body: UnsafeRawBufferPointer
    /// The raw text between `?` and the end of the target; empty if there is none.
    package let query: [UInt8]
    /// The rest of the path after the configured one and a `/`; empty if there is none.
    package let pathRest: [UInt8]

    package init(
        headers: HeaderLines,
        body: UnsafeRawBufferPointer,
        query: [UInt8] = [],
        pathRest: [UInt8] = []
    ) {
        self.headers = headers
        self.body = body
        self.query = query
        self.pathRest = pathRest
    }
}
