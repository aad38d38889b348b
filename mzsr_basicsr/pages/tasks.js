document.querySelector(".panels").addEventListener("pointerover", (event) => {
  const task = event.target.closest("circle")?.dataset.task;
  if (task === undefined) return;
  for (const circle of document.querySelectorAll("circle")) circle.classList.toggle("chosen", circle.dataset.task === task);
  document.getElementById("words").textContent = event.target.closest("circle").textContent;
});
