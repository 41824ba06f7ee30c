// Keeps open what the reader had opened when a live part of the page is replaced by a newer one.
(() => {
  let open = new Map()
  const parts = element => element.querySelectorAll('details[id]')
  document.addEventListener('htmx:beforeSwap', event => {
    open = new Map([...parts(event.detail.target)].map(part => [part.id, part.open]))
  })
  document.addEventListener('htmx:afterSwap', () => {
    for (const part of parts(document)) {
      if (open.has(part.id)) part.open = open.get(part.id)
    }
  })
})()
