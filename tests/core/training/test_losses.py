import torch

from fineparser_core.training.objective import focal_loss, mask_loss


def test_alpha_and_gamma_of_the_focal_loss():
    torch.manual_seed(0)
    logits, target = torch.randn(2, 5, 3, 4, 4), (torch.rand(2, 3, 4, 4) < 0.3).float()
    probability = torch.where(target == 1, logits[:, 4].sigmoid(), 1 - logits[:, 4].sigmoid())
    weight = torch.where(target == 1, 0.25, 0.75)
    for gamma in (0.0, 1.5):
        plain = -((1 - probability) ** gamma) * probability.log()
        torch.testing.assert_close(focal_loss(logits[:, 4], target, gamma=gamma), plain.mean())
        weighed = focal_loss(logits[:, 4], target, alpha=0.25, gamma=gamma)
        torch.testing.assert_close(weighed, (weight * plain).mean())
    five = sum(focal_loss(logits[:, i], target, alpha=0.25, gamma=1.5) for i in range(5))
    torch.testing.assert_close(mask_loss(logits, target, alpha=0.25, gamma=1.5), five)
