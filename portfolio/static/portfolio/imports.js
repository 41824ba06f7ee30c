// Says before the upload that a file is too large; the server says so too.
(() => {
  const input = document.querySelector('[data-upload] input[type=file]')
  if (!input) return
  input.addEventListener('change', () => {
    const large = [...input.files].find(file => file.size > Number(input.dataset.most))
    input.setCustomValidity(large ? `${large.name} ${input.dataset.tooLarge}` : '')
    if (large) input.reportValidity()
  })
})()
