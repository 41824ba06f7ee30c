// What every page can do: switch theme, hide amounts, open menus, say when a request failed.
(() => {
  const root = document.documentElement
  const store = (key, value) => {
    try {
      if (value === null) localStorage.removeItem(key)
      else localStorage.setItem(key, value)
    } catch { /* storage is off: the choice lasts as long as the page */ }
  }
  const announce = name => document.dispatchEvent(new CustomEvent(name))
  const each = (selector, action) => document.querySelectorAll(selector).forEach(action)

  // --- Theme: two states; the system's own choice is not stored, so the page keeps following it.
  function labelTheme () {
    const dark = root.dataset.bsTheme === 'dark'
    each('[data-theme-switch]', button => {
      button.setAttribute('aria-label', dark ? button.dataset.toLight : button.dataset.toDark)
    })
  }
  function switchTheme () {
    const theme = root.dataset.bsTheme === 'dark' ? 'light' : 'dark'
    const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
    store('coffer-theme', theme === system ? null : theme)
    root.dataset.bsTheme = theme
    announce('coffer:theme')
  }

  // --- Privacy: amounts are blurred, here and in charts, which listen for the event.
  function labelPrivacy () {
    each('[data-privacy-switch]', button => {
      button.setAttribute('aria-pressed', String(root.classList.contains('private')))
    })
  }
  function switchPrivacy () {
    store('coffer-private', root.classList.toggle('private') ? '1' : null)
    labelPrivacy()
    announce('coffer:privacy')
  }

  // --- Navigation on a narrow screen
  function switchNavigation (button) {
    const open = button.getAttribute('aria-expanded') !== 'true'
    button.setAttribute('aria-expanded', String(open))
    document.getElementById(button.getAttribute('aria-controls')).classList.toggle('is-open', open)
  }

  async function copy (button) {
    const source = document.getElementById(button.dataset.copy)
    const text = 'value' in source ? source.value : source.textContent
    try {
      await navigator.clipboard.writeText(text.trim())
      say(button.dataset.copied)
    } catch {
      getSelection().selectAllChildren(source)
    }
  }

  const say = text => { document.getElementById('live').textContent = text }

  const clicks = {
    '[data-theme-switch]': switchTheme,
    '[data-privacy-switch]': switchPrivacy,
    '[data-nav-switch]': switchNavigation,
    '[data-dismiss]': button => button.closest('[role]').remove(),
    '[data-copy]': copy,
    '[data-check-all]': box => each(`input[name="${box.dataset.checkAll}"]`, row => { row.checked = box.checked }),
    '[data-reload]': () => location.reload()
  }
  document.addEventListener('click', event => {
    for (const [selector, action] of Object.entries(clicks)) {
      const button = event.target.closest(selector)
      if (button) action(button)
    }
    each('details.cf-menu[open]', menu => { if (!menu.contains(event.target)) menu.open = false })
  })
  document.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return
    each('details.cf-menu[open]', menu => { menu.open = false; menu.firstElementChild.focus() })
    each('[data-nav-switch][aria-expanded=true]', button => { switchNavigation(button); button.focus() })
  })
  document.addEventListener('coffer:theme', labelTheme)
  document.addEventListener('DOMContentLoaded', () => { labelTheme(); labelPrivacy() })

  // --- Failures: one plain sentence in a live region; it goes when a request works again.
  const failure = () => document.getElementById('failure')
  function showFailure (key, code) {
    const box = failure()
    box.querySelector('p').textContent = box.dataset[key].replace('%s', code)
    box.hidden = false
  }
  document.addEventListener('htmx:responseError', event => {
    const code = event.detail.xhr.status
    showFailure({ 403: 'refused', 404: 'gone', 429: 'busy' }[code] ?? 'server', code)
  })
  for (const name of ['htmx:sendError', 'htmx:timeout']) {
    document.addEventListener(name, () => showFailure('network', ''))
  }
  document.addEventListener('htmx:afterOnLoad', event => {
    if (event.detail.successful !== false && event.detail.xhr.status < 400) failure().hidden = true
  })
  // A session that has ended answers a fragment with the sign-in page: go there as a whole.
  document.addEventListener('htmx:beforeSwap', event => {
    const { responseURL } = event.detail.xhr
    const signIn = document.body.dataset.signIn
    if (responseURL && new URL(responseURL).pathname === signIn && location.pathname !== signIn) {
      event.detail.shouldSwap = false
      location.reload()
    }
  })
  // Passkeys: the person said no, took too long, or has none that fits.
  document.addEventListener('allauth.error', event => {
    event.preventDefault()
    const { name } = event.detail.exception
    showFailure(name === 'NotAllowedError' || name === 'AbortError' ? 'passkeyCancelled' : 'passkey', '')
  })
})()
