// Refuses a file that is too large before it is sent; the server would refuse it after that.
const line = element.querySelector(".mzsr-error");
const most = Number(line.dataset.bytes);
const megabytes = (bytes) => `${Number((bytes / 1e6).toPrecision(3))} MB`;

function look(event) {
  const files = event.type === "drop" ? event.dataTransfer.files : event.target.files;
  if (!files || !event.target.closest("#drop")) return;
  const large = [...files].find((file) => file.size > most);
  line.hidden = !large;
  if (!large) return;
  line.textContent = `${large.name}: ${megabytes(large.size)}, and this page takes ${megabytes(most)}`;
  event.stopImmediatePropagation();
  event.preventDefault();
  if (event.type === "change") event.target.value = "";
}
for (const name of ["change", "drop"]) window.addEventListener(name, look, true);
