// Takes the code out of the link's "#", which browsers send to nobody, into the form, and the link out of the address bar.
(() => {
  const field = document.querySelector('#open-form [name="code"]')
  const take = () => {
    const code = location.hash.slice(1)
    if (code.length < 20) return
    field.value = code
    history.replaceState(null, '', location.pathname)
    document.querySelector('#open-form button[type="submit"]').focus()
  }
  take()
  window.addEventListener('hashchange', take)
})()
