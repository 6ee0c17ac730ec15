//! Templates: versions stay as they were saved.

use campaigns::{event, ports::TemplateStore, template::TemplateDraft};

use crate::{
    people::events,
    world::{NOW, cases},
};

fn draft(subject: &str) -> TemplateDraft {
    TemplateDraft { name: "冬".into(), subject: subject.into(), text: "{{ 氏名 }}様".into(), html: None }
}

cases! {
    async fn every_change_is_a_new_version(store: Store) {
        let templates: &dyn TemplateStore = &store;
        let id = templates.save(None, &draft("一"), Some(1), NOW).await.unwrap();
        let first = templates.get(id).await.unwrap().unwrap();
        assert_eq!((first.version, first.draft, first.updated_at), (1, draft("一"), NOW));
        let html = TemplateDraft { html: Some("<p>".into()), ..draft("二") };
        assert_eq!(templates.save(Some(id), &html, Some(1), NOW + 1).await.unwrap(), id);
        assert_eq!(templates.save(Some(id), &html, Some(1), NOW + 2).await.unwrap(), id);
        let second = templates.get(id).await.unwrap().unwrap();
        assert_eq!((second.version, &second.draft, second.updated_at), (2, &html, NOW + 1));
        assert_eq!(templates.version(first.version_id).await.unwrap(), Some(draft("一")));
        assert_eq!(templates.version(second.version_id).await.unwrap(), Some(html));
        assert_eq!(templates.version(1).await.unwrap(), None);
        assert!(templates.save(Some(1), &draft("無"), None, NOW).await.is_err());
        let other = templates.save(None, &draft("三"), None, NOW + 3).await.unwrap();
        let ids: Vec<_> = templates.list().await.unwrap().into_iter().map(|template| template.id).collect();
        assert_eq!(ids, [other, id]);
        let told = events(&store, 3).await;
        assert_eq!(told[1].kind, event::TEMPLATE_SAVED);
        assert_eq!((&told[1].detail["template_id"], &told[1].detail["version"]), (&id.into(), &2.into()));
    }
}
